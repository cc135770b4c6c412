package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"
)

// order is what the api hands out.
type order struct {
	ID       int    `json:"id"`
	Item     string `json:"item"`
	Attempts int    `json:"attempts"`
}

// desk is the api as the worker sees it.
type desk struct {
	url    string
	client *http.Client
}

// next takes an order, nil where none waits. Before the first it says hello, so that the api takes back
// what this worker's predecessor had in hand when it fell.
func (d *desk) next(greeted *bool) (*order, error) {
	if !*greeted {
		var returned []order
		if _, err := d.post("/worker/hello", &returned); err != nil {
			return nil, err
		}
		for _, o := range returned {
			log.Printf("order %d was left over by the worker before", o.ID)
		}
		*greeted = true
	}
	var o order
	status, err := d.post("/worker/next", &o)
	if err != nil || status == http.StatusNoContent {
		return nil, err
	}
	return &o, nil
}

func (d *desk) done(id int) error {
	_, err := d.post(fmt.Sprintf("/worker/done/%d", id), nil)
	return err
}

func (d *desk) post(path string, into any) (int, error) {
	resp, err := d.client.Post(d.url+path, "text/plain", nil)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return 0, err
	}
	if resp.StatusCode >= 300 {
		return 0, fmt.Errorf("%s: %s: %s", path, resp.Status, strings.TrimSpace(string(body)))
	}
	if into != nil && resp.StatusCode != http.StatusNoContent {
		if err := json.Unmarshal(body, into); err != nil {
			return 0, fmt.Errorf("%s: %w", path, err)
		}
	}
	return resp.StatusCode, nil
}
