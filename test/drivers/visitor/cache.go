package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

func client(address string) *redis.Client {
	network := "tcp"
	if strings.HasPrefix(address, "/") {
		network = "unix"
	}
	return redis.NewClient(&redis.Options{Network: network, Addr: address, MaxRetries: -1, PoolSize: 4, ContextTimeoutEnabled: true, DisableIdentity: true})
}

type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}

func cache() {
	redis.SetLogger(quiet{})
	here := client("cache.internal:6379")
	defer here.Close()
	if err := here.Ping(background).Err(); err != nil {
		fmt.Println(clean(err))
		return
	}
	conn := here.Conn()
	info := must(conn.Do(background, "client", "info").Text())
	address, own := "", ""
	for _, field := range strings.Fields(info) {
		if value, ok := strings.CutPrefix(field, "addr="); ok {
			host, port, _ := net.SplitHostPort(value)
			address, own = host, port
		}
		if value, ok := strings.CutPrefix(field, "laddr="); ok {
			fmt.Println("it is", value, "and sees", address, own != "0")
		}
	}
	check(conn.Close())

	pipe := here.Pipeline()
	for range 5000 {
		pipe.Incr(background, "count")
	}
	must(pipe.Exec(background))
	fmt.Println("count", here.Get(background, "count").Val())
	here.Del(background, "count")

	long := strings.Repeat("x", 8<<20)
	check(here.Set(background, "long", long, time.Minute).Err())
	fmt.Println("long", here.Get(background, "long").Val() == long)

	subscription := here.Subscribe(background, "news")
	must(subscription.Receive(background))
	fmt.Println("published to", here.Publish(background, "news", "something").Val())
	message := must(subscription.ReceiveMessage(soon(20 * time.Second)))
	fmt.Println(message.Channel, message.Payload)
	check(subscription.Close())

	_, err := here.BLPop(background, time.Second, "nothing").Result()
	fmt.Println("nothing:", clean(err))
	_, err = here.BLPop(soon(300*time.Millisecond), 20*time.Second, "nothing").Result()
	fmt.Println("deadline:", clean(err))
	_, err = here.Get(background, "missing").Result()
	fmt.Println("missing:", clean(err))

	near := client(shared + "/run/redis.sock")
	fmt.Println("Unix", near.Set(background, "a", "b", 0).Val(), near.Get(background, "a").Val())
	check(near.Close())

	killed := here.Conn()
	id := killed.ClientID(background).Val()
	check(here.ClientKillByFilter(background, "id", fmt.Sprint(id)).Err())
	fmt.Println("killed:", clean(killed.Ping(background).Err()))
	killed.Close()

	check(here.ConfigSet(background, "maxclients", "1").Err())
	// Read only: who writes to Redis then may find a reset before what it has said.
	refused := must(net.Dial("tcp", "cache.internal:6379"))
	said, err := io.ReadAll(refused)
	fmt.Printf("full: %q %v\n", said, err)
	check(refused.Close())
	check(here.ConfigSet(background, "maxclients", "100").Err())
	down := client("cache.internal:6380")
	fmt.Println("down:", clean(down.Ping(background).Err()))
	check(down.Close())
}
