package deploy

import (
	"context"
	"fmt"
	"strings"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/release/store"
)

// backUp copies what the new definition names, as it is before the switch, and gives the size of the copy. Before a first release there is
// nothing to copy.
func (d *Deployer) backUp(ctx context.Context, plan *Plan) (size int64, err error) {
	b := &plan.Definition.Backup
	if b.None() || plan.From == "" {
		return 0, nil
	}
	d.Store.State.Deploy.Step = store.BackingUp
	if err := d.Store.Save(); err != nil {
		return 0, err
	}
	copying, done := context.WithTimeoutCause(ctx, b.Timeout, fmt.Errorf("it took longer than %v (timeoutSeconds)", b.Timeout))
	defer done()
	folder := d.Store.Folder(plan.Version)
	var command func(dir string) error
	if len(b.Command) > 0 {
		words := append([]string(nil), b.Command...)
		if strings.ContainsAny(words[0], `/\`) {
			words[0] = definition.Absolute(folder, words[0])
		}
		command = func(dir string) error {
			env := []string{"DARUMA_BACKUP=" + dir, "DARUMA_RELEASE=" + plan.Version, "DARUMA_PREVIOUS_RELEASE=" + plan.From}
			return runCommand(copying, "its command", words, folder, env, b.Timeout, d.Output)
		}
	}
	room := func(size int64) error { return d.makeRoom(plan.Version, size) }
	if size, err = d.Store.Backup(copying, plan.Version, b.Paths, room, command); err != nil {
		return 0, fmt.Errorf("the backup failed: %w", err)
	}
	d.Say("backed up %.1f MiB to %s", mib(uint64(size)), d.Store.BackupFolder(plan.Version))
	return size, ctx.Err()
}
