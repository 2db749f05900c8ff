package main

import (
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const databaseName = "host=db.internal port=5432 user=app password=secret dbname=postgres connect_timeout=20 "

func database() {
	conn, err := pgx.Connect(background, databaseName+"sslmode=disable")
	if err != nil {
		fmt.Println(clean(err))
		return
	}
	addressesOfDatabase(conn)
	rowsOfDatabase(conn)
	notifications(conn)
	check(conn.Close(background))

	secure := must(pgx.Connect(background, databaseName+"sslmode=verify-full sslrootcert="+shared+"/ca.pem"))
	var version string
	check(secure.QueryRow(background, "select version from pg_stat_ssl where pid = pg_backend_pid()").Scan(&version))
	fmt.Println("TLS", version, secure.PgConn().Conn().RemoteAddr())
	check(secure.Close(background))

	local := must(pgx.Connect(background, "host="+shared+"/run user=app password=secret dbname=postgres"))
	var isLocal bool
	check(local.QueryRow(background, "select inet_client_addr() is null").Scan(&isLocal))
	fmt.Println("Unix", isLocal, local.PgConn().Conn().RemoteAddr())
	check(local.Close(background))

	pooled()
	failuresOfDatabase()
}

func addressesOfDatabase(conn *pgx.Conn) {
	var server, client string
	var serverPort, clientPort int
	check(conn.QueryRow(background, "select host(inet_server_addr()), inet_server_port(), host(inet_client_addr()), inet_client_port()").
		Scan(&server, &serverPort, &client, &clientPort))
	own := conn.PgConn().Conn().LocalAddr().(*net.TCPAddr)
	fmt.Println("it is", server, serverPort, conn.PgConn().Conn().RemoteAddr(), "and sees", client, client == own.IP.String(), clientPort == own.Port)
}

func rowsOfDatabase(conn *pgx.Conn) {
	must(conn.Exec(background, "create temporary table numbers (n int, text text)"))
	rows := make([][]any, 20_000)
	for i := range rows {
		rows[i] = []any{i, fmt.Sprint("row ", i)}
	}
	copied := must(conn.CopyFrom(background, pgx.Identifier{"numbers"}, []string{"n", "text"}, pgx.CopyFromRows(rows)))
	found := must(conn.Query(background, "select text from numbers order by n"))
	sum := md5.New()
	for _, text := range must(pgx.CollectRows(found, pgx.RowTo[string])) {
		sum.Write([]byte(text))
	}
	fmt.Printf("copied %d, read %x\n", copied, sum.Sum(nil))

	long := strings.Repeat("0123456789abcdef", 1<<18)
	var length int
	var digest string
	check(conn.QueryRow(background, "select length($1::text), md5($1::text)", long).Scan(&length, &digest))
	fmt.Println(length, digest)

	batch := &pgx.Batch{}
	for i := range 500 {
		batch.Queue("select $1::int * 2", i)
	}
	results := conn.SendBatch(background, batch)
	total := 0
	for range 500 {
		var value int
		check(results.QueryRow().Scan(&value))
		total += value
	}
	check(results.Close())
	fmt.Println("batch", total)
}

func notifications(conn *pgx.Conn) {
	other := must(pgx.Connect(background, databaseName+"sslmode=disable"))
	must(conn.Exec(background, "listen news"))
	must(other.Exec(background, "notify news, 'something'"))
	notification := must(conn.WaitForNotification(soon(20 * time.Second)))
	fmt.Println("notified", notification.Channel, notification.Payload)
	_, err := conn.WaitForNotification(soon(200 * time.Millisecond))
	fmt.Println("and then", errors.Is(err, context.DeadlineExceeded))
	check(other.Close(background))
}

func pooled() {
	pool := must(pgxpool.New(background, databaseName+"sslmode=disable pool_max_conns=6"))
	defer pool.Close()
	var group sync.WaitGroup
	var lock sync.Mutex
	total := 0
	for i := range 200 {
		group.Go(func() {
			var value int
			check(pool.QueryRow(background, "select $1::int", i).Scan(&value))
			lock.Lock()
			total += value
			lock.Unlock()
		})
	}
	group.Wait()
	fmt.Println("pool", total)
}

func failuresOfDatabase() {
	connect := func(settings string) error {
		conn, err := pgx.Connect(background, settings)
		if err == nil {
			conn.Close(background)
		}
		return err
	}
	fmt.Println(clean(connect(strings.Replace(databaseName, "secret", "wrong", 1) + "sslmode=disable")))
	fmt.Println(clean(connect(databaseName + "sslmode=disable dbname=nothing")))
	fmt.Println(clean(connect(databaseName + "sslmode=disable port=5433")))
	fmt.Println(clean(connect("host=nowhere.internal user=app sslmode=disable")))
	fmt.Println(clean(connect("host=" + shared + "/nowhere user=app")))

	slow := must(pgx.Connect(background, databaseName+"sslmode=disable"))
	_, err := slow.Exec(soon(300*time.Millisecond), "select pg_sleep(30)")
	fmt.Println("slow:", errors.Is(err, context.DeadlineExceeded), slow.IsClosed())

	killed := must(pgx.Connect(background, databaseName+"sslmode=disable"))
	_, err = killed.Exec(background, "select pg_terminate_backend(pg_backend_pid())")
	fmt.Println("killed:", clean(err))
	_, err = killed.Exec(background, "select 1")
	fmt.Println("and then:", clean(err))

	var all []*pgx.Conn
	for {
		conn, err := pgx.Connect(background, databaseName+"sslmode=disable")
		if err != nil {
			fmt.Println("full:", clean(err))
			break
		}
		all = append(all, conn)
	}
	for _, conn := range all {
		check(conn.Close(background))
	}
}
