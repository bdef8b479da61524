"""What instruments say: made durable first, answered afterwards."""
