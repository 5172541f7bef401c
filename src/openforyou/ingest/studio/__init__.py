"""The slideshow studio: pictures, clips and a sound become a vertical video, by a plan that is data."""
