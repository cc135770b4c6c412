package keeper

// opensToReaders: the supervisor gives the readers' pipe its access list.
const opensToReaders = false

func (k *keeper) openToReaders() {}
