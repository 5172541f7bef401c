MUTANTS=[]
class Mutant: pass
