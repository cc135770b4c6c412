package keeper

import "time"

// reader is nothing on Windows: a supervisor that was taken over has the account's rights there, and needs no keeper to start programs.
type reader struct{ deadline time.Duration }

func (k *keeper) readAllowances() {}

func (k *keeper) checkReader() {}
