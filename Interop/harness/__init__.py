"""What the end-to-end tests share: server processes and clients that speak in raw bytes."""
