package tasks

import (
	"os"
	"testing"
	"time"
)

// TestEndReading: whoever else holds the other end of a pipe isn't waited for.
func TestEndReading(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer write.Close()
	done := make(chan error, 1)
	go func() {
		_, err := read.Read(make([]byte, 1))
		done <- err
	}()
	endReading(read, 10*time.Millisecond)
	select {
	case err := <-done:
		if err == nil {
			t.Error("it read something")
		}
	case <-time.After(20 * time.Second):
		t.Error("the read goes on")
	}
	read.Close()
}
