package supervisor

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/reserve"
)

// Role is the first argument of a supervisor process.
const Role = "supervisor"

// Config is what a supervisor is started with.
type Config struct {
	Service  string
	File     string // of the definition, absolute
	Terminal bool   // print events and output: daruma run without --quiet
}

// Main is a supervisor's life, as a child of the keeper. It gives the exit code of the process.
func Main(cfg Config) int {
	// Whoever reads what we print may go (| head), and the terminal may be another's at the moment (stty tostop).
	ignoreOutputSignals()
	reserve.Threads(8)
	settle := time.AfterFunc(settleAfter, saveMemory)
	defer settle.Stop()
	link, err := wire.Connect()
	if err != nil {
		return complain(err)
	}
	inheritance, err := greeting(link)
	if err != nil {
		return complain(err)
	}
	s, code, err := prepare(cfg, link, inheritance)
	if err != nil {
		// What runs isn't ended because we can't begin (a full disk, no descriptor free): the keeper tries again.
		if !inheritance.inUse() {
			link.Send(&wire.Finish{Code: code})
			_ = link.Flush()
		}
		return complain(err) // last: stderr may be held
	}
	code, buried := s.run()
	if !buried {
		s.publishEnd()
	}
	s.close(buried)
	if !buried { // should the keeper live all the same, it is to go on
		link.Send(&wire.Finish{Code: code})
		_ = link.Flush()
	}
	s.stacks.done()
	return code
}

// settleAfter is when the start of even a large service is over.
const settleAfter = 3 * time.Second

// saveMemory makes the garbage collector eager, and gives back what the start took. Not before: starting 500 programs
// takes half its time again with an eager one.
func saveMemory() {
	debug.SetGCPercent(25)
	debug.FreeOSMemory()
}

func complain(err error) int {
	var wrong definition.Errors
	if errors.As(err, &wrong) { // each line begins with file:line:column
		fmt.Fprintln(os.Stderr, wrong)
		return 1
	}
	fmt.Fprintln(os.Stderr, "daruma:", err)
	return 1
}
