package reserve

func descriptors(int) error { return nil }
