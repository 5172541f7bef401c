"""Songs used without the right to play them: brought in by creators in every way that sounds like a song to people.

What is known to escape is not among the attacks, because nothing here would notice it: a song moved by more than about
six parts in a hundred in pitch or speed, one far quieter than what lies over it, a cover played anew, and a work that
nobody has registered. docs/studio.md says so, too.
"""
