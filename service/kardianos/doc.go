// Package service has the names and shapes of github.com/kardianos/service, upon package service: a program that was
// written for that package becomes a daruma service when its import path is changed, and nothing else.
//
//	import "github.com/daruma-sh/daruma/service/kardianos" // was: github.com/kardianos/service
//
// What gets better without another line changed:
//
//   - The service manager is never kept waiting. Start and Stop run beside its handler: it gets checkpoints while Start
//     works, a Start that doesn't return (against kardianos's rule) doesn't hang the service in START_PENDING, and a Stop
//     that doesn't return is ended at a deadline, with all stacks in the log.
//   - An error of Start or Stop, and a panic, is a failure with an exit code for which the service manager restarts the
//     service. Recovery actions are set by Install even where OnFailure isn't given.
//   - Under systemd the unit has Type=exec, like the original's simple: the service counts as up when its process runs.
//   - SIGTERM is a stop request everywhere, in a terminal and in a container too; a shutdown of the machine calls
//     Shutdown where it can be told from a stop.
//   - Errors can be compared: errors.Is(err, ErrNotInstalled) holds for every verb, and Control wraps what it returns.
//
// An option without a counterpart is accepted and has no effect. The table of docs/moving.md names it. Of the original's back-ends only Windows and systemd are here: on a
// Linux without systemd, on macOS and on the BSDs a program runs, and installing it fails with [ErrNoServiceSystemDetected].
//
// docs/moving.md shows the same program written for package service itself.
//
// The names, the signatures, the option keys and the syntax of SystemdScript are those of github.com/kardianos/service,
// Copyright 2015 Daniel Theophanes, zlib licence; the code behind them was written anew, and this package isn't the
// original.
package service
