package tasks

import (
	"io"
	"os"
	"sync"
	"time"
)

const (
	// maxOutput is how many bytes of a task's output are kept: the beginning, for messages.
	maxOutput = 4 << 10
	// lastOutput is how long output may still come when the task's tree has ended.
	lastOutput = 100 * time.Millisecond
)

// output reads what a task writes, and keeps the beginning of it.
type output struct {
	reading sync.WaitGroup
	file    *os.File

	mu   sync.Mutex
	data []byte
}

// read reads the files to their end, each in a goroutine.
func (o *output) read(files []*os.File) {
	for _, f := range files {
		o.file = f
		o.reading.Go(func() {
			defer f.Close()
			_, _ = io.Copy(o, f)
		})
	}
}

// end is called when the task's tree has ended: other processes that got hold of the pipe aren't waited for.
func (o *output) end() {
	if o.file != nil {
		endReading(o.file, lastOutput)
	}
}

// wait waits until the output has been read.
func (o *output) wait() { o.reading.Wait() }

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.data = append(o.data, p[:min(len(p), maxOutput-len(o.data))]...)
	return len(p), nil
}

func (o *output) bytes() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.data
}
