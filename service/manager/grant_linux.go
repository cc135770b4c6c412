package manager

func grantRead(string, string, bool) ([]Change, error) { return nil, nil }
func revokeRead(string, string) ([]Change, error)      { return nil, nil }
