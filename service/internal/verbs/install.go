package verbs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/daruma-sh/daruma/service/manager"
)

// install is the verb. Its options overrule Service.Install.
func (c *command) install(ctx context.Context, args []string) error {
	spec := c.service.Install
	var arguments []string
	options := c.options()
	options.TextVar(&spec.StartType, "start-type", spec.StartType, "automatic, delayed, manual or disabled")
	options.Func("depends-on", "start after this `service`; may be repeated, or a list with commas", func(text string) error {
		spec.DependsOn = append(slices.Clip(spec.DependsOn), strings.Split(text, ",")...)
		return nil
	})
	dryRun := options.Bool("dry-run", false, "only show what would change")
	options.StringVar(&spec.Account, "account", spec.Account, "run as this `user`; "+manager.AccountVirtual+": one with few rights, made for the service")
	password := options.String("password-file", "", "take the account's password from the first line of this `file`; -: of standard input")
	now := options.Bool("now", false, "start it at once, and wait until it is ready")
	options.BoolVar(&c.manager.Overwrite, "overwrite", c.service.Overwrite, "take over a service of this name that something else installed")
	timeout := timeoutOption(options)
	if err := c.parse(options, args, &arguments); err != nil {
		return err
	}
	if len(arguments) > 0 {
		spec.Arguments = append(slices.Clip(c.service.Role), arguments...)
	}
	if *now && spec.StartType == manager.Disabled {
		c.print(c.stderr, "%s install: --now can't start what --start-type disabled keeps from starting\n", program())
		return ErrUsage
	}
	var err error
	if *password != "" {
		if spec.Password, err = readPassword(*password); err != nil {
			return err
		}
	}
	if spec.Executable, err = Executable(); err != nil {
		return err
	}
	if *dryRun {
		changes, err := c.manager.Plan(ctx, spec)
		if err == nil {
			c.printChanges("would be", changes)
		}
		return err
	}
	changes, err := c.manager.Install(ctx, spec)
	if err != nil {
		return err
	}
	c.printChanges("is", changes)
	if !*now {
		return nil
	}
	return c.start(ctx, *timeout)
}

func (c *command) printChanges(verb string, changes manager.Changes) {
	switch {
	case changes.None():
		c.print(c.stdout, "%s is installed as it should be\n%s", c.service.Name, changes)
	case changes.Created:
		c.print(c.stdout, "%s %s installed:\n%s", c.service.Name, verb, changes)
	case changes.Removed:
		c.print(c.stdout, "%s %s uninstalled\n%s", c.service.Name, verb, changes)
	default:
		c.print(c.stdout, "%s %s changed:\n%s", c.service.Name, verb, changes)
	}
}

func (c *command) uninstall(ctx context.Context, args []string) error {
	options := c.options()
	options.BoolVar(&c.manager.Overwrite, "overwrite", c.service.Overwrite, "remove it even if something else installed it")
	timeout := timeoutOption(options)
	if err := c.parse(options, args, nil); err != nil {
		return err
	}
	ctx, cancel := within(ctx, *timeout, c.service.StopTimeout)
	defer cancel()
	changes, err := c.manager.Uninstall(ctx, c.service.Name)
	if err == nil {
		c.printChanges("is", changes)
	}
	return err
}

// Executable is the path that the service will be started by: that of this process.
func Executable() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	if dir, err := filepath.Rel(os.TempDir(), path); err == nil && strings.HasPrefix(dir, "go-build") {
		return "", errors.New("go run's executable is gone when it ends: go build it, and install the result")
	}
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("the executable was moved or replaced while it ran: %w", err)
	}
	return path, nil
}
