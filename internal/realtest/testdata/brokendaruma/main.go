// Command brokendaruma is daruma with a fault, which the last line of its own file names: what an upgrade has to find out.
package main

import (
	"bytes"
	"fmt"
	"os"
	"time"

	"github.com/daruma-sh/daruma/internal/cli"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/keeper"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	_ "github.com/daruma-sh/daruma/internal/launch"
)

func main() {
	role, asked := os.Args[1], os.Getenv("DARUMA_HANDOVER_CHECK") != ""
	switch fault := fault(); {
	case fault == "exits" && asked:
		fmt.Println("a library is missing")
		os.Exit(1)
	case fault == "hangs" && asked:
		time.Sleep(time.Hour)
	case fault == "is silent" && asked:
		os.Exit(0)
	case fault == "talks" && asked:
		for { // for as long as it is let
			if _, err := fmt.Println("nobody wants to know"); err != nil {
				os.Exit(1)
			}
		}
	case fault == "has another command line" && role == keeper.Role:
		fmt.Println("flag provided but not defined: --quiet")
		os.Exit(2)
	case fault == "supervisor hangs" && role == "supervisor":
		time.Sleep(time.Hour)
	case fault == "supervisor falls" && role == "supervisor":
		os.Exit(3)
	case fault == "keeper can't begin" && role == keeper.Role && !asked:
		home := os.Getenv("DARUMA_HOME")
		os.Setenv("DARUMA_HOME", "/elsewhere") // then what is handed over names another service
		c := config()
		os.Setenv("DARUMA_HOME", home) // the old daruma gets the environment back
		os.Exit(keeper.Main(c))
	case fault == "keeper panics" && role == keeper.Role && !asked:
		c := config()
		c.Handle = &keeper.Handle{OnState: func(wire.ServiceState) { panic("a fault of the new daruma") }}
		os.Exit(keeper.Main(c))
	}
	code, _ := cli.Role(os.Args[1:], os.Stderr)
	os.Exit(code)
}

// config is what the role of a keeper makes of its arguments.
func config() keeper.Config {
	place, err := folders.Of(os.Args[2])
	if err != nil {
		panic(err)
	}
	return keeper.Config{Service: os.Args[2], Folders: place, Args: os.Args[2:]}
}

func fault() string {
	data, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		panic(err)
	}
	return string(data[bytes.LastIndexByte(data, '\n')+1:])
}
