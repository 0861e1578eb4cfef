"""`silverpoint doctor`: looks for what loses data or lets strangers in, and says what to change."""
