package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"sync"
)

// maxAttempts is how often an order may bring the worker down before it is rejected: a crash loop that ends.
const maxAttempts = 3

// errNotTaken answers a worker that finishes an order it doesn't have.
var errNotTaken = errors.New("that order isn't in work")

// order is one order and how far it has come.
type order struct {
	ID       int    `json:"id"`
	Item     string `json:"item"`
	State    string `json:"state"`    // waiting | in work | done | rejected
	Attempts int    `json:"attempts"` // how often the worker has taken it
}

// book keeps all orders. Each change is on disk before it is answered, so that kill -9 loses none.
type book struct {
	mu      sync.Mutex
	orders  []*order // orders[i].ID == i+1
	journal *os.File // nil: memory only
}

// openBook reads the journal in dir back, or begins one; with dir "" the book lives in memory.
func openBook(dir string) (*book, error) {
	b := &book{}
	if dir == "" {
		return b, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "orders.jsonl")
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	whole, err := b.replay(old)
	if err != nil {
		return nil, fmt.Errorf("%s: %w (delete the file to begin anew)", path, err)
	}
	if b.journal, err = os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o644); err != nil {
		return nil, err
	}
	// A kill in the middle of a write leaves half a line; it was never answered, so it is cut off.
	if err := b.journal.Truncate(whole); err != nil {
		return nil, err
	}
	if _, err := b.journal.Seek(whole, 0); err != nil {
		return nil, err
	}
	if len(b.orders) > 0 {
		log.Printf("%d orders read back from %s", len(b.orders), path)
	}
	return b, nil
}

// replay takes the journal's lines, each the newest state of one order, and gives the length of its whole lines.
func (b *book) replay(journal []byte) (int64, error) {
	end := bytes.LastIndexByte(journal, '\n') + 1
	lines := bufio.NewScanner(bytes.NewReader(journal[:end]))
	for n := 1; lines.Scan(); n++ {
		var o order
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			return 0, fmt.Errorf("line %d: %w", n, err)
		}
		switch {
		case o.ID >= 1 && o.ID <= len(b.orders):
			*b.orders[o.ID-1] = o
		case o.ID == len(b.orders)+1:
			b.orders = append(b.orders, &o)
		default:
			return 0, fmt.Errorf("line %d: order %d after order %d", n, o.ID, len(b.orders))
		}
	}
	return int64(end), lines.Err()
}

func (b *book) close() {
	if b.journal != nil {
		b.journal.Close()
	}
}

// write puts the state of o on disk.
func (b *book) write(o *order) error {
	if b.journal == nil {
		return nil
	}
	line, err := json.Marshal(o)
	if err != nil {
		return err
	}
	if _, err := b.journal.Write(append(line, '\n')); err != nil {
		return err
	}
	return b.journal.Sync()
}

func (b *book) place(item string) (order, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	o := &order{ID: len(b.orders) + 1, Item: item, State: "waiting"}
	if err := b.write(o); err != nil {
		return order{}, err
	}
	b.orders = append(b.orders, o)
	log.Printf("order %d: %q", o.ID, o.Item)
	return *o, nil
}

func (b *book) all() []order {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := make([]order, len(b.orders))
	for i, o := range b.orders {
		list[i] = *o
	}
	return list
}

// take hands out the oldest waiting order, nil where none waits.
func (b *book) take() (*order, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, o := range b.orders {
		if o.State == "waiting" {
			o.State = "in work"
			o.Attempts++
			taken := *o
			return &taken, b.write(o)
		}
	}
	return nil, nil
}

// finish marks an order that was taken as done.
func (b *book) finish(id int) (order, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if id < 1 || id > len(b.orders) || b.orders[id-1].State != "in work" {
		return order{}, fmt.Errorf("order %d: %w", id, errNotTaken)
	}
	o := b.orders[id-1]
	o.State = "done"
	return *o, b.write(o)
}

// giveBack returns what was in work to the queue; an order that brought the worker down maxAttempts times is rejected.
func (b *book) giveBack() ([]order, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	returned := []order{}
	for _, o := range b.orders {
		if o.State != "in work" {
			continue
		}
		o.State = "waiting"
		if o.Attempts >= maxAttempts {
			o.State = "rejected"
			log.Printf("order %d (%q) brought the worker down %d times: rejected", o.ID, o.Item, o.Attempts)
		}
		returned = append(returned, *o)
		if err := b.write(o); err != nil {
			return nil, err
		}
	}
	return returned, nil
}
