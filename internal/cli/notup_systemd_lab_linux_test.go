package cli

import "testing"

// TestServiceWithoutItsProgramOnSystemd: the service starts, its only program can't: nobody is told that all is well.
func TestServiceWithoutItsProgramOnSystemd(t *testing.T) {
	g := newSystemd(t)
	file := g.dir + "daruma.yaml"
	bad := "name: shop\nprograms:\n  a: {command: [/bin/sh, -c, 'exit 7'], backoff: {initialSeconds: 60}}\n"
	g.Write(file, bad, 0o644)
	g.says(1, []string{"shop runs", "a is backoff: exit code 7"}, "install", file, "--now")
	g.says(1, []string{"a: not restarted; it is in backoff: exit code 7", "shop: restarted"}, "restart", "shop")
	g.says(0, []string{"shop: stopped"}, "stop", "shop")
	g.says(1, []string{"a: not started; it is in backoff: exit code 7", "shop: started"}, "start", "shop")
	g.Write(file, shopYAML(), 0o644)
	g.says(0, []string{"added: b", "restarted: a"}, "reload", "shop")
	g.says(0, []string{"a: running, pid ", "the old run was stopped by SIGTERM", "b: running", "shop: restarted"}, "restart", "shop")
}
