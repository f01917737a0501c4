"""The pieces of the library: images and finished studies measured, as tables of pandas."""
