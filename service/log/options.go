package log

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
)

// Format is how a [Handler] writes to its file or stdout.
type Format uint8

// The formats. The journal and the Event Log have their own.
const (
	FormatAuto Format = iota // text on a terminal, JSON everywhere else
	FormatJSON               // one JSON object per line, exactly as slog.JSONHandler writes it
	FormatText               // for people: 15:04:05.000 INFO  message key=value; colours on a terminal alone
)

// SystemLog is whether a [Handler] also writes to the operating system's log.
type SystemLog uint8

// The choices for the system's log: the journal on Linux, the Application log on Windows.
const (
	SystemAuto SystemLog = iota // where there is one, unless the output is a terminal
	SystemOn                    // on a terminal too; a journal that isn't there is tried again and again
	SystemOff                   // never
)

// Options are the options of [NewHandler]. The zero value is what a service wants.
type Options struct {
	// Name is the program's name in the system's log: the event source on Windows (registered by `install`), and
	// SYSLOG_IDENTIFIER in the journal. Default: the executable's name without .exe.
	Name string

	// Level is the least level that is logged. Default: slog.LevelInfo; a *slog.LevelVar can change it while running.
	Level slog.Leveler

	// File is the path that lines are appended to. It is created with FileMode where it isn't there; its folder must be.
	// Empty: Output.
	File string

	// FileMode is for a File that is created, less the umask; an existing file keeps its mode. Default 0600; 0640 lets the
	// group read. Windows has no such bits: there the folder's access list is inherited.
	FileMode os.FileMode

	// Output takes the lines where File is empty. Default: os.Stdout. A write that blocks keeps only the handler's own goroutine
	// waiting. It isn't closed by Close.
	Output io.Writer

	Format Format    // of File or Output
	System SystemLog // whether the journal or the Event Log get records too

	// SystemLevel is the least level for the system's log. Default: slog.LevelWarn.
	SystemLevel slog.Leveler

	// AddSource adds file and line of the call, as slog.HandlerOptions has it; CODE_FILE, CODE_LINE in the journal.
	AddSource bool

	// ReplaceAttr is called with every attribute before an output gets it, and with the message, under the rules of
	// slog.HandlerOptions.ReplaceAttr. It is the place to take secrets out: what it returns is all that reaches file, stdout,
	// journal and Event Log. It is called in the goroutine that logs, once per output.
	ReplaceAttr func(groups []string, a slog.Attr) slog.Attr

	// QueueBytes bounds what waits for each of the two outputs, in bytes. Default 1 MiB, at least 4 KiB. A record
	// that is larger than that is dropped, and counted.
	QueueBytes int

	journal string // where journald listens; another place in tests
}

func (o Options) withDefaults() Options {
	if o.Name == "" {
		o.Name = strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
	}
	if o.Level == nil {
		o.Level = slog.LevelInfo
	}
	if o.SystemLevel == nil {
		o.SystemLevel = slog.LevelWarn
	}
	if o.FileMode == 0 {
		o.FileMode = 0o600
	}
	if o.QueueBytes == 0 {
		o.QueueBytes = 1 << 20
	}
	o.QueueBytes = max(o.QueueBytes, 4<<10)
	return o
}
