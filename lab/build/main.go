// Command build builds the lab before the tests need it, and says what it does: go run ./lab/build [windows|linux|kernel]…
package main

import (
	"fmt"
	"os"
	"sync"

	"github.com/daruma-sh/daruma/lab"
)

func main() {
	parts := os.Args[1:]
	if len(parts) == 0 {
		parts = lab.Parts()
	}
	if lacks := lab.Missing(); lacks != "" {
		fmt.Fprintln(os.Stderr, "the lab needs:", lacks)
		os.Exit(1)
	}
	var all sync.WaitGroup
	failed := make(chan error, len(parts))
	for _, part := range parts {
		all.Go(func() {
			_, err := lab.Build(part, func(s string) { fmt.Println(s) })
			failed <- err
		})
	}
	all.Wait()
	close(failed)
	code := 0
	for err := range failed {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}
