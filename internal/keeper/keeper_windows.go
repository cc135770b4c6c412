package keeper

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// Role is the first argument of a keeper process.
const Role = "keeper"

var errWindows = errors.New("daruma can't supervise on Windows yet: the Windows keeper follows in its own issue")

// Main says that there is no keeper for Windows yet.
func Main(Config) int {
	fmt.Fprintln(os.Stderr, "daruma:", errWindows)
	return 1
}

// Link is the supervisor's end of the connection.
type Link struct{}

// Connect fails on Windows for now.
func Connect() (*Link, error) { return nil, errWindows }

// Send does nothing.
func (*Link) Send(Message) {}

// Flush fails.
func (*Link) Flush() error { return errWindows }

// FlushAbove does nothing.
func (*Link) FlushAbove(int) {}

// More says no.
func (*Link) More() bool { return false }

// Gone says no.
func Gone(error) bool { return false }

// Receive fails.
func (*Link) Receive() (Message, []*os.File, error) { return nil, nil, errWindows }

// Undertake does nothing: on Windows the job object ends with the keeper.
func Undertake(*Hello, []int) {}

// Now gives the time since start-up that the machine was awake.
func Now() time.Duration { return unbiasedTime() }

// StacksFile is where a supervisor's stacks go.
func StacksFile(run string, pid int) string { return fmt.Sprintf("%s\\stacks-%d.txt", run, pid) }
