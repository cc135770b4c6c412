package service

import (
	"maps"
	"testing"
)

// TestListenWithoutInherited: net.Listen's listeners and net.Listen's errors.
func TestListenWithoutInherited(t *testing.T) {
	h := &Host{}
	l, err := h.ListenNamed("http", "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := h.Listen("tcp", l.Addr().String()); err == nil {
		t.Error("an address was given twice")
	}
	if got := maps.Collect(h.Listeners()); len(got) != 0 {
		t.Errorf("inherited: %v", got)
	}
}
