package supervisor

// ignoreOutputSignals: Windows has none.
func ignoreOutputSignals() {}
