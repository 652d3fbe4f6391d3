"""What can happen to a picture: functions on batches of floats in [-1, 1], on their device."""
