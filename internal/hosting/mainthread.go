package hosting

import (
	"fmt"
	"runtime/debug"

	"github.com/daruma-sh/daruma/internal/keeper"
)

// keep is the keeper's life, where it has to be lived.
func (h *host) keep() (code int) {
	if h.onMain == nil {
		return keeper.Main(h.cfg)
	}
	h.onMain(func() { code = keeper.Main(h.cfg) })
	return code
}

// call is a function that another goroutine waits for.
type call struct {
	do    func()
	panic any // of do; nil: it returned
	stack []byte
	done  chan struct{}
}

func (c *call) run() {
	defer close(c.done)
	defer func() {
		if c.panic = recover(); c.panic != nil {
			c.stack = debug.Stack()
		}
	}()
	c.do()
}

// here calls serve in a goroutine of its own, and meanwhile in this one what serve gives to do.
func here(serve func(do func(func())) error) error {
	calls, result := make(chan *call), make(chan error, 1)
	go func() {
		result <- serve(func(do func()) {
			c := &call{do: do, done: make(chan struct{})}
			calls <- c
			<-c.done
			if c.panic != nil { // it is the caller's
				panic(fmt.Sprintf("%v\n%s", c.panic, c.stack))
			}
		})
	}()
	for {
		select {
		case c := <-calls:
			c.run()
		case err := <-result:
			return err
		}
	}
}
