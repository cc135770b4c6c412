package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"time"
)

//go:embed static
var static embed.FS

// staticFile is a file that pages refer to.
type staticFile struct {
	data      []byte
	kind, tag string
}

// staticFiles reads them, by their names. Only these can be asked for: no path leads elsewhere.
func staticFiles() map[string]staticFile {
	all := map[string]staticFile{}
	entries, err := static.ReadDir("static")
	for _, e := range entries {
		var data []byte
		if data, err = static.ReadFile("static/" + e.Name()); err != nil {
			break
		}
		sum := sha256.Sum256(data)
		kind := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}[path.Ext(e.Name())]
		all[e.Name()] = staticFile{data, kind, `"` + hex.EncodeToString(sum[:8]) + `"`}
	}
	if err != nil {
		panic(err) // they are in the executable
	}
	return all
}

// static gives a file. It needs no session: what it says is public.
func (d *Dashboard) static(w http.ResponseWriter, r *http.Request) {
	f, ok := d.files[r.PathValue("name")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", f.kind)
	w.Header().Set("Cache-Control", "no-cache") // kept, and asked for whether it is still so
	w.Header().Set("ETag", f.tag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.data))
}
