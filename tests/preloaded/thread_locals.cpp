// Objects of threads whose destructors free and allocate, after and before the thread's other ones;
// and threads that are detached and end while the process does.
#include "preloaded.h"

#include <map>
#include <string>
#include <thread>
#include <vector>

struct table {
    std::map<std::string, std::vector<int>> rows;
    ~table()
    {
        CHECK(rows.size() == 100);
        rows.clear();
        std::vector<std::string> more(100, std::string(1000, 'x'));
        CHECK(more[99].size() == 1000);
    }
};

static thread_local table early_table;

struct late {
    std::string *text = nullptr;
    ~late()
    {
        delete text;
        std::string another(5000, 'y');
        CHECK(another.back() == 'y');
    }
};

static void live(int number)
{
    static thread_local late last;
    for (int i = 0; i < 100; i++) early_table.rows[std::to_string(i + number)].resize(i);
    last.text = new std::string(3000, 'z');
}

int main()
{
    for (int generation = 0; generation < 30; generation++) {
        std::vector<std::thread> threads;
        for (int i = 0; i < 8; i++) threads.emplace_back(live, i);
        for (auto &thread : threads) thread.join();
    }
    for (int i = 0; i < 8; i++) std::thread(live, i).detach();
    live(0);
    puts("done");
}
