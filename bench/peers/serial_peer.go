// SPDX-License-Identifier: Apache-2.0
// Copies volumes to a guest agent the serial way: one request in flight, whole
// files in memory, chunks of 1 MiB, and a rotation noticed when the old generation
// is removed. It runs until it is killed.
//
//	serial_peer --guest SOCKET --control SOCKET [--no-json]
//
// A line `share SOURCE NAME` on the control socket copies SOURCE to NAME in the
// guest's share and keeps it up to date if it is a volume; it is answered `ok`, or
// with what failed.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"strings"

	"github.com/containerd/ttrpc"
)

const shareDir = "/run/kata-containers/shared/containers/"

// serve answers the lines of one connection.
func serve(conn net.Conn, s *sharer) {
	defer conn.Close()
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		answer := "ok"
		if len(words) != 3 || words[0] != "share" {
			answer = "not a command: " + lines.Text()
		} else if err := s.share(words[1], shareDir+words[2]); err != nil {
			answer = err.Error()
		}
		fmt.Fprintln(conn, answer)
	}
}

func main() {
	guest := flag.String("guest", "", "socket of the guest agent")
	control := flag.String("control", "", "socket to listen on")
	noJSON := flag.Bool("no-json", false, "do not render requests to JSON")
	flag.Parse()
	conn, err := net.Dial("unix", *guest)
	if err != nil {
		log.Fatal(err)
	}
	watches, err := newWatcher()
	if err != nil {
		log.Fatal(err)
	}
	sends := &copier{client: ttrpc.NewClient(conn), rendersJSON: !*noJSON}
	s := newSharer(sends, watches)
	go s.follow()
	listener, err := net.Listen("unix", *control)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Fprintln(os.Stdout, "listening")
	for {
		conn, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go serve(conn, s)
	}
}
