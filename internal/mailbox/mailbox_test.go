package mailbox

import (
	"slices"
	"testing"
)

func TestOrder(t *testing.T) {
	m := New()
	var got []int
	for i := range 3 {
		m.Post(func() {
			got = append(got, i)
			if i == 0 {
				m.Post(func() { got = append(got, 3) }) // for the next Run
			}
		})
	}
	<-m.Wake()
	m.Run()
	if want := []int{0, 1, 2}; !slices.Equal(got, want) {
		t.Errorf("ran %v, want %v", got, want)
	}
	<-m.Wake()
	m.Run()
	if want := []int{0, 1, 2, 3}; !slices.Equal(got, want) {
		t.Errorf("ran %v, want %v", got, want)
	}
	m.Run() // nothing is queued
	select {
	case <-m.Wake():
		t.Error("it wakes without a function")
	default:
	}
}
