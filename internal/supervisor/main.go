package supervisor

import (
	"errors"
	"fmt"
	"os"

	"github.com/daruma-sh/daruma/internal/confine"
	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/plaintext"
	"github.com/daruma-sh/daruma/internal/reserve"
	"github.com/daruma-sh/daruma/internal/supervisor/process"
)

// Role is the first argument of a supervisor process.
const Role = "supervisor"

// Config is what a supervisor is started with.
type Config struct {
	Service  string
	File     string // of the definition, absolute
	Terminal bool   // print events and output: daruma run without --quiet
	Unsafe   bool   // take a definition and files that others could change: daruma run --allow-unsafe

	checked    bool   // the keeper compares what it is asked for with the definition, and must hear when it was taken again
	unconfined string // what this process couldn't give up, for people; "": nothing
}

// Main is a supervisor's life, as a child of the keeper. It gives the exit code of the process.
func Main(cfg Config) int {
	// Whoever reads our output may go (| head), and the terminal may belong to another process group at the moment (stty tostop).
	process.IgnoreOutputSignals()
	reserve.Threads(8)
	link, err := wire.Connect()
	if err != nil {
		return printError(err)
	}
	inherited, err := receiveInheritance(link)
	if err != nil {
		return printError(err)
	}
	_, cfg.checked = os.LookupEnv(confine.Variable)
	// Before anything is read that a person, a program or a server wrote. Without a cgroup it is the supervisor that ends what a killed
	// keeper leaves.
	cfg.unconfined = confine.Self(inherited.hello.Cgroup == "")
	s, refused, err := start(cfg, link, inherited)
	if err != nil {
		// Programs that run aren't ended because we can't begin (a full disk, no descriptor free): the keeper tries again.
		if !inherited.inUse() {
			finish(link, int(refused))
		}
		return printError(err) // last: writing to stderr may block
	}
	code, keeperLost := s.run()
	if s.upgrade.leaving {
		s.leave()
		return code
	}
	if !keeperLost {
		s.publishEnd()
	}
	s.close(keeperLost)
	if !keeperLost { // where the connection alone is lost, the keeper must go on
		finish(link, code)
	}
	s.crashOutput.Remove()
	if s.state.Over != "" && !s.hello.Hosted { // else the service manager shows it
		return printError(fmt.Errorf("%s: %s", cfg.Service, s.state.Over)) // last, too
	}
	return code
}

// finish lets the keeper end the service with this exit code.
func finish(link *wire.Link, code int) {
	link.Send(&wire.Finish{Code: code})
	_ = link.Flush() // nothing is left to do where the keeper is gone
}

// printError prints the reason of a failure, and gives the exit code for it.
func printError(err error) int {
	var wrong definition.Errors
	if errors.As(err, &wrong) { // each line begins with file:line:column
		fmt.Fprintln(os.Stderr, plaintext.Lines(wrong.Error())) // they quote the file
		return 1
	}
	fmt.Fprintln(os.Stderr, plaintext.Lines("daruma: "+err.Error()))
	return 1
}
