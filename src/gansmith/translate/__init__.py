"""A trained model at work on pictures of any size."""
