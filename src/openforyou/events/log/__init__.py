"""From what was accepted to what everybody can check: the queue, the sequencer, the numbers shown, the receipts."""
