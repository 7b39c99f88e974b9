// SPDX-License-Identifier: Apache-2.0

// Package runtimes plays what runtimes do over a pod's life, call by call, as
// ../calls.json lists it.
package runtimes

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"

	fsshare "fsshare/clients/go"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// Calls is the whole list.
type Calls struct {
	Read     map[string]string          `json:"read"`
	Life     []Event                    `json:"life"`
	Mounts   map[string]json.RawMessage `json:"mounts"`
	Runtimes []Runtime                  `json:"runtimes"`
}

// Event is one of a pod's life. Mounts are the container's, where they are not those of
// the runtime.
type Event struct {
	Phase     string   `json:"phase"`
	Container string   `json:"container"`
	Mounts    []string `json:"mounts"`
}

// Runtime is what one does in one mode.
type Runtime struct {
	Name           string   `json:"name"`
	Mode           string   `json:"mode"`
	Mounts         []string `json:"mounts"`
	SandboxStart   []Call   `json:"sandbox_start"`
	GuestStart     []Call   `json:"guest_start"`
	PauseStart     []Call   `json:"pause_start"`
	ContainerStart []Call   `json:"container_start"`
	ContainerEnd   []Call   `json:"container_end"`
	PauseEnd       []Call   `json:"pause_end"`
	SandboxEnd     []Call   `json:"sandbox_end"`
}

// Call is one, or one for each mount. Source is where the runtime makes it.
type Call struct {
	Method  string          `json:"method"`
	For     string          `json:"for"`
	Source  string          `json:"source"`
	Request json.RawMessage `json:"request"`
}

func load() (*Calls, error) {
	path := os.Getenv("FSSHARE_CALLS")
	if path == "" {
		path = "../calls.json"
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	calls := &Calls{}
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.DisallowUnknownFields()
	return calls, decoder.Decode(calls)
}

// hasShims tells whether each sandbox has a process with a mount namespace of its own.
func (r *Runtime) hasShims() bool {
	return asks(r.SandboxStart, "${NAMESPACE}")
}

// handsStoragesOn tells whether the guest agent is given the storages of copies.
func (r *Runtime) handsStoragesOn() bool {
	return asks(r.GuestStart, "localDir")
}

// asks tells whether a request of these calls has a word in it.
func asks(calls []Call, word string) bool {
	for _, call := range calls {
		if strings.Contains(string(call.Request), word) {
			return true
		}
	}
	return false
}

// phase returns the calls of a phase.
func (r *Runtime) phase(name string) ([]Call, error) {
	phases := map[string][]Call{
		"sandbox_start": r.SandboxStart, "guest_start": r.GuestStart, "pause_start": r.PauseStart,
		"container_start": r.ContainerStart, "container_end": r.ContainerEnd,
		"pause_end": r.PauseEnd, "sandbox_end": r.SandboxEnd,
	}
	calls, known := phases[name]
	if !known {
		return nil, fmt.Errorf("no such phase: %s", name)
	}
	return calls, nil
}

// fill puts values in place of their names. Those of mounts are JSON themselves.
func fill(template json.RawMessage, values map[string]string) []byte {
	text := string(template)
	for _, name := range []string{"MOUNT", "MOUNTS"} {
		text = strings.ReplaceAll(text, `"${`+name+`}"`, values[name])
	}
	for name, value := range values {
		text = strings.ReplaceAll(text, "${"+name+"}", value)
	}
	return []byte(text)
}

// play makes a call with a request in JSON.
func play(ctx context.Context, client *fsshare.Client, method string, request []byte) (proto.Message, error) {
	of := reflect.ValueOf(client).MethodByName(method)
	if !of.IsValid() {
		return nil, fmt.Errorf("no such method: %s", method)
	}
	message := reflect.New(of.Type().In(1).Elem())
	if err := protojson.Unmarshal(request, message.Interface().(proto.Message)); err != nil {
		return nil, fmt.Errorf("%s: %w", method, err)
	}
	answer := of.Call([]reflect.Value{reflect.ValueOf(ctx), message})
	if failed, is := answer[1].Interface().(error); is {
		return nil, failed
	}
	return answer[0].Interface().(proto.Message), nil
}
