// Package channel sends messages to chats, to a webhook and by mail.
//
// A channel is given a [notice.Message], which is plain text that strangers may have written parts of, and puts it into the markup of its
// receiver so that no part of it is markup: nobody is mentioned, and no link leads elsewhere than it says. See escape.go.
//
// An address of a chat's robot is a secret: whoever has it can write there. So it comes from a file or the environment, and no error
// repeats it.
package channel

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/daruma-sh/daruma/internal/observe/notice"
)

// Timeout bounds one attempt to send, from connecting to the end of the answer.
const Timeout = 15 * time.Second

// Channel sends messages to one receiver.
type Channel interface {
	// Send sends one message within [Timeout] and gives nil when the receiver has taken it. Errors are an [Error] where the receiver said
	// what to do; all others mean that it can be tried again.
	Send(ctx context.Context, m notice.Message) error
	// Room is how many notices at most one message should list.
	Room() int
}

// Error is an answer of the receiver that isn't a success.
type Error struct {
	Text   string
	After  time.Duration // how long it asks to be left alone; 0: it didn't say
	Refuse bool          // it refuses this message: the same message would be refused again
}

func (e *Error) Error() string { return e.Text }

// Refused tells whether the receiver refuses the message itself.
func Refused(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Refuse
}

// After gives how long the receiver asks to be left alone.
func After(err error) time.Duration {
	var e *Error
	if errors.As(err, &e) {
		return e.After
	}
	return 0
}

func failed(format string, args ...any) *Error { return &Error{Text: fmt.Sprintf(format, args...)} }
