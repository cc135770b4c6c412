package reserve

// descriptors: a process may have 16 million handles, far more than daruma's programs can use up.
func descriptors(int) error { return nil }
