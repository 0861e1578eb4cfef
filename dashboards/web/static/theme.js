// The colours that this browser's reader chose, before anything is drawn.
try {
  const chosen = localStorage.getItem("silverpoint.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // storage is closed to us: the system's colours serve
}
