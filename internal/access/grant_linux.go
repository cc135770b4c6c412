package access

import "github.com/daruma-sh/daruma/service/manager"

func grantRead(string, string, bool) ([]manager.Change, error) { return nil, nil }
func revokeRead(string, string) ([]manager.Change, error)      { return nil, nil }
