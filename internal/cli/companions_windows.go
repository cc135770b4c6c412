package cli

func systemCompanions() []companion { return nil }
