package install

import "github.com/daruma-sh/daruma/internal/definition"

// beyondAccount: what programs can't have on Windows, the supervisor refuses whatever the account.
func beyondAccount(*definition.Service) definition.Errors { return nil }
