// SPDX-License-Identifier: Apache-2.0
package main

import (
	"errors"

	"google.golang.org/protobuf/encoding/protowire"
)

// rawMessage hides every codec: to ttrpc 1.1 (gogo messages) and to ttrpc 1.2
// (google messages) alike it is a message whose bytes are its own.
type rawMessage struct {
	data []byte
}

func (m *rawMessage) Reset()                   { m.data = nil }
func (m *rawMessage) String() string           { return "raw" }
func (m *rawMessage) ProtoMessage()            {}
func (m *rawMessage) Marshal() ([]byte, error) { return m.data, nil }
func (m *rawMessage) Unmarshal(p []byte) error {
	m.data = append([]byte(nil), p...)
	return nil
}

// field is one field of a message: number holds varints, data the rest.
type field struct {
	number uint64
	data   []byte
}

// fields returns the last value of each field of a message.
func fields(p []byte) (map[protowire.Number]field, error) {
	out := map[protowire.Number]field{}
	for len(p) > 0 {
		id, kind, n := protowire.ConsumeTag(p)
		if n < 0 {
			return nil, errors.New("bad tag")
		}
		p = p[n:]
		switch kind {
		case protowire.VarintType:
			v, n := protowire.ConsumeVarint(p)
			if n < 0 {
				return nil, errors.New("bad varint")
			}
			out[id] = field{number: v}
			p = p[n:]
		case protowire.BytesType:
			v, n := protowire.ConsumeBytes(p)
			if n < 0 {
				return nil, errors.New("bad bytes")
			}
			out[id] = field{data: v}
			p = p[n:]
		default:
			n := protowire.ConsumeFieldValue(id, kind, p)
			if n < 0 {
				return nil, errors.New("bad field")
			}
			p = p[n:]
		}
	}
	return out, nil
}
