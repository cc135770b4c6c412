// Package fakejournal is a journald for tests: a socket, and what arrived there.
package fakejournal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// Journal is a socket such as journald's.
type Journal struct {
	Path string
	conn *net.UnixConn
}

// New listens at path until the test ends.
func New(t *testing.T, path string) *Journal {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &Journal{Path: path, conn: conn}
}

// Close closes the socket, as a journald does that ends.
func (j *Journal) Close() { _ = j.conn.Close() }

// Next waits for the next entry and gives its fields.
func (j *Journal) Next(t *testing.T) map[string]string {
	t.Helper()
	entry, err := j.read()
	if err != nil {
		t.Fatal(err)
	}
	fields, err := Parse(entry)
	if err != nil {
		t.Fatalf("%v in %q", err, entry)
	}
	return fields
}

// read gives the next entry, from the datagram or the file that came with it.
func (j *Journal) read() ([]byte, error) {
	data, oob := make([]byte, 1<<20), make([]byte, unix.CmsgSpace(4))
	n, oobn, _, _, err := j.conn.ReadMsgUnix(data, oob)
	if err != nil || n > 0 {
		return data[:n], err
	}
	messages, err := unix.ParseSocketControlMessage(oob[:oobn])
	if err != nil || len(messages) != 1 {
		return nil, errors.Join(err, errors.New("neither data nor a descriptor"))
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		return nil, err
	}
	seals, err := unix.FcntlInt(uintptr(fds[0]), unix.F_GET_SEALS, 0)
	if err != nil || seals&unix.F_SEAL_WRITE == 0 { // journald refuses it otherwise
		return nil, errors.Join(err, errors.New("the file isn't sealed"))
	}
	file := os.NewFile(uintptr(fds[0]), "entry")
	defer file.Close()
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return io.ReadAll(file)
}

// Parse reads an entry as https://systemd.io/JOURNAL_NATIVE_PROTOCOL describes it. Of a field that stands there twice it gives
// the first.
func Parse(entry []byte) (map[string]string, error) {
	fields := map[string]string{}
	for len(entry) > 0 {
		end := bytes.IndexAny(entry, "=\n")
		if end < 0 {
			return nil, errors.New("a field without an end")
		}
		name, kind := string(entry[:end]), entry[end]
		entry = entry[end+1:]
		size := bytes.IndexByte(entry, '\n')
		if kind == '\n' {
			if len(entry) < 8 {
				return nil, errors.New("no length")
			}
			size = int(binary.LittleEndian.Uint64(entry))
			entry = entry[8:]
		}
		if size < 0 || size >= len(entry) || entry[size] != '\n' {
			return nil, errors.New("a value without an end")
		}
		if _, ok := fields[name]; !ok {
			fields[name] = string(entry[:size])
		}
		entry = entry[size+1:]
	}
	return fields, nil
}
