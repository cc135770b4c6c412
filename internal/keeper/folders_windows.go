package keeper

// checkFolders has nothing to do: on Windows a supervisor may write to whatever folder has the name.
func (k *keeper) checkFolders() {}
