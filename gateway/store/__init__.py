"""What is kept. SQL lives only below this folder; everybody else sees `base` and `rows`."""
