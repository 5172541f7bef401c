"""Landmarks of sound: pairs of peaks of a spectrogram, by which a piece of music is known under speech.

After Wang, "An Industrial-Strength Audio Search Algorithm" (ISMIR 2003). `peaks` and `pairs` make them of samples,
`index` finds sounds that share them, `works` holds uploads against registered works. Copies of items' own sounds are
found by the same landmarks, of which a sample is kept.
"""
