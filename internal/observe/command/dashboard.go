package command

import (
	"github.com/daruma-sh/daruma/internal/observe/config"
	"github.com/daruma-sh/daruma/internal/observe/web"
)

// dashboard gives the dashboard with the parts that others make of it: each has a line here.
func dashboard(_ config.Config, o web.Options) *web.Dashboard {
	return web.New(o)
}
