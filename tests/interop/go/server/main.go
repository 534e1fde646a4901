// The hub of github.com/philippseith/signalr that our client is tried at. It prints its address.
package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"

	"github.com/philippseith/signalr"
)

type hub struct {
	signalr.Hub
}

func (h *hub) Echo(text string) string { return text }

func (h *hub) Add(a int, b int) int { return a + b }

func (h *hub) Nothing() {}

// Fail panics, which is how a method of this library refuses.
func (h *hub) Fail(text string) { panic(text) }

func (h *hub) Count(to int) <-chan int {
	numbers := make(chan int)
	go func() {
		defer close(numbers)
		for number := 0; number < to; number++ {
			numbers <- number
		}
	}()
	return numbers
}

// Forever counts until the library takes no more numbers and the connection ends.
func (h *hub) Forever() <-chan int {
	numbers := make(chan int)
	ended := h.Context().Done()
	go func() {
		defer close(numbers)
		for number := 0; ; number++ {
			select {
			case numbers <- number:
			case <-ended:
				return
			}
		}
	}()
	return numbers
}

func (h *hub) Sum(numbers <-chan int) int {
	sum := 0
	for number := range numbers {
		sum += number
	}
	return sum
}

func (h *hub) Join(group string) { h.Groups().AddToGroup(group, h.ConnectionID()) }

func (h *hub) Say(group string, text string) { h.Clients().Group(group).Send("Said", text) }

func (h *hub) Flood(count int) {
	for number := 0; number < count; number++ {
		h.Clients().Caller().Send("Drop", number)
	}
}

func main() {
	transports := map[string]signalr.TransportType{
		"WebSockets":       signalr.TransportWebSockets,
		"ServerSentEvents": signalr.TransportServerSentEvents,
	}
	server, err := signalr.NewServer(
		context.Background(),
		signalr.SimpleHubFactory(&hub{}),
		signalr.HTTPTransports(transports[os.Getenv("INTEROP_TRANSPORT")]),
		signalr.EnableDetailedErrors(true),
	)
	if err != nil {
		panic(err)
	}
	router := http.NewServeMux()
	server.MapHTTP(signalr.WithHTTPServeMux(router), "/hub")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr())
	panic(http.Serve(listener, router))
}
