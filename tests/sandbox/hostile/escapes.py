# ruff: noqa: E501  the lines of notebooks
"""Notebooks that look for what is outside: files, processes, the network, secrets. `@NAME@` stands for something that
is really there, outside (see `outside.py`)."""

from __future__ import annotations

from .attack import Attack, escape

CONNECT = "import socket\ndef connect(family, kind, to):\n    s = socket.socket(family, kind); s.settimeout(2)\n"
CONNECT += "    try:\n        s.connect(to)\n        return to\n    finally: s.close()"

FILES = (
    escape(
        "read_files_of_the_machine",
        "for path in '@SECRET@ @REPOSITORY@/reference @REPOSITORY@/assignments /etc/shadow /root/.bashrc /var/log "
        "/home/@USER@ /run /boot /mnt'.split(): refused(path, os.stat, path)",
        "text = open('/etc/passwd').read()\nassert len(text.splitlines()) < 5, text",
        cold=True,
    ),
    escape(
        "read_the_answers",
        "for folder, folders, names in os.walk('/'):\n"
        "    folders[:] = [f for f in folders if f not in ('usr', 'proc', 'env', 'lib', 'include', 'share')]\n"
        "    if {'checks.py', 'solution.ipynb', 'reference'} & {*names, *folders}: raise Escaped(folder)",
        cold=True,
    ),
    escape(
        "write_to_the_system",
        "for path in '/etc/x /usr/x /usr/bin/x /opt/env/x /opt/grader/x /x /dev/x /home/x /proc/x'.split():\n"
        "    refused(path, open, path, 'w')",
        "refused('interpreter', open, sys.executable, 'r+b')\nrefused('library', open, os.__file__, 'a')\n"
        "refused('ours', open, '/opt/grader/collector.py', 'a')\nrefused('chmod', os.chmod, '/opt/grader', 0o777)\n"
        "refused('rename', os.rename, '/opt/grader', '/opt/other')\n"
        "for path in ('/', '/usr', '/opt/env', '/opt/grader', '/etc/hosts', '/dev', sys.base_prefix):\n"
        "    if not os.statvfs(path).f_flag & os.ST_RDONLY: raise Escaped(path)",
        cold=True,
    ),
    escape(
        "change_course_files",
        "refused('write', open, 'data.csv', 'w')\nrefused('unlink', os.unlink, 'data.csv')\n"
        "refused('replace', os.replace, '/etc/hosts', 'data.csv')\nassert open('data.csv').read() == '1,2\\n'\n"
        "if not os.statvfs('data.csv').f_flag & os.ST_RDONLY: raise Escaped('course file')",
        cold=True,
    ),
    escape(
        "climb_out_by_links",
        "os.symlink('/', 'top'); os.symlink('@SECRET@', 'secret'); os.symlink('/proc/1/root', 'one')\n"
        "refused('secret', open, 'secret')\nrefused('root', lambda: set(os.listdir('one')) != set(os.listdir('/')) or 1 / 0)\nrefused('up', open, '../' * 40 + '@SECRET@')",
        "refused('hard link', os.link, '/etc/hosts', 'hosts')\nrefused('shadow', open, 'top/etc/shadow')",
        cold=True,
    ),
    escape(
        "use_the_interpreter_as_a_way_out",  # CVE-2019-5736
        "refused('exe', open, '/proc/self/exe', 'r+b')\nrefused('parent', open, f'/proc/{os.getppid()}/exe', 'r+b')\n"
        "refused('loader', open, '/lib64/ld-linux-x86-64.so.2', 'r+b')",
        cold=True,
    ),
    escape(
        "use_devices",
        "for name in 'mem kmem port kmsg kvm fuse net/tun vda sda loop0 loop-control tty0 ptmx vsock rtc hwrng'.split():\n"
        "    refused(name, os.stat, '/dev/' + name)",
        "refused('mknod', os.mknod, 'memory', 0o20600, os.makedev(1, 1))\n"
        "refused('mknodat', syscall, 259, -100, b'disk', 0o60600, os.makedev(8, 0))\n"
        "refused('null', os.mknod, 'null', 0o20600, os.makedev(1, 3))",
        cold=True,
    ),
    escape(
        "give_devices_other_times",  # which every kernel of the machine could see
        "for name in 'null zero full random urandom'.split():\n    refused(name, os.utime, '/dev/' + name)\n"
        "    refused(name, os.setxattr, '/dev/' + name, 'user.x', b'1')\n    refused(name, os.chmod, '/dev/' + name, 0o600)",
        "with open('/dev/null', 'w') as file: file.write('x')\nassert open('/dev/zero', 'rb', 0).read(3) == bytes(3)",
    ),
    escape(
        "use_sys_and_control_groups",
        "refused('sys', os.listdir, '/sys/kernel')\nrefused('groups', os.listdir, '/sys/fs/cgroup')\n"
        "refused('devices', os.listdir, '/sys/class')\nrefused('firmware', os.listdir, '/sys/firmware')",
        cold=True,
    ),
    escape(
        "write_to_settings_of_the_system",
        "for name in ('kernel/core_pattern', 'kernel/hostname', 'vm/drop_caches', 'kernel/modprobe', 'vm/overcommit_memory',\n"
        "             'user/max_user_namespaces', 'net/ipv4/ip_forward', 'kernel/shmmax', 'kernel/sem'):\n"
        "    def write():\n        with open('/proc/sys/' + name, 'r+') as file:\n"
        "            value = file.read(); file.seek(0); file.write(value or '1')\n    refused(name, write)",
        "refused('sysrq', open, '/proc/sysrq-trigger', 'w')\nrefused('kcore', open, '/proc/kcore', 'rb')\n"
        "refused('kmsg', open, '/proc/kmsg')",
        cold=True,
    ),
)
PROCESSES = (
    escape(
        "see_other_processes",
        "pids = [int(name) for name in os.listdir('/proc') if name.isdigit()]\nassert len(pids) <= 3, pids\n"
        "refused('worker', os.kill, @WORKER@, 0)",
        cold=True,
    ),
    escape(
        "look_into_its_jailer",
        "for name in ('mem', 'environ', 'root', 'cwd', 'fd', 'maps', 'ns/user', 'exe', 'auxv', 'stack', 'syscall'):\n"
        "    def look():\n        path = '/proc/1/' + name\n"
        "        return os.listdir(path) if name in ('fd', 'root', 'cwd') else open(path, 'rb').read(1) and name\n"
        "    refused(name, look)",
    ),
    escape(
        "find_secrets_in_environments_and_command_lines",
        "import glob\nfor path in glob.glob('/proc/*/environ') + glob.glob('/proc/*/cmdline'):\n"
        "    try: text = open(path).read()\n    except OSError: continue\n    assert '@TOKEN@' not in text, path",
        "assert '@TOKEN@' not in str(dict(os.environ))\nassert not [n for n in os.environ if n.startswith(('GRADER', 'WORKER'))]",
        cold=True,
    ),
    escape(
        "find_descriptors_of_the_worker",
        "for n in range(0, 1024):\n    try: name = os.readlink(f'/proc/self/fd/{n}')\n    except OSError: continue\n"
        "    if not name.startswith(('socket:', 'pipe:', 'anon_inode:', '/dev/null', '/dev/urandom', '/proc')):\n"
        "        raise Escaped(name)",
        "for n in range(0, 1024):\n    try: refusal = os.fstatvfs(n).f_flag\n    except OSError: continue\n"
        "    refused('pathname', os.stat, f'/proc/self/fd/{n}/..')",
    ),
    escape(
        "write_to_a_file_that_the_worker_left_open",
        "for n in range(0, 1024):\n    try: name = os.readlink(f'/proc/self/fd/{n}')\n    except OSError: continue\n"
        "    refused(name, lambda: name.startswith('/tmp/') or name.endswith('(deleted)') or 1 / 0)",
    ),
    escape(
        "kill_and_trace_what_is_outside",
        "for pid in (@WORKER@, @WORKER@ - 1, 1):\n    refused('ptrace', syscall, 101, 16, pid, 0, 0)\n"
        "    refused('read', syscall, 310, pid, 0, 0, 0, 0, 0)\n    refused('write', syscall, 311, pid, 0, 0, 0, 0, 0)\n"
        "refused('seize', syscall, 101, 0x4206, os.getppid(), 0, 0)",
        "for pid in (@WORKER@, os.getppid()):\n    try: handle = os.pidfd_open(pid)\n    except OSError: continue\n"
        "    for n in range(8): refused('getfd', syscall, 438, handle, n, 0)",
        cold=True,
    ),
    escape(
        "spare_itself_and_sacrifice_others_when_memory_is_short",
        "def spare():\n    with open('/proc/self/oom_score_adj', 'w') as file: file.write('-1000')\nrefused('oom', spare)",
        cold=True,
    ),
)
OTHERS = (
    escape(
        "be_told_who_reads_the_libraries",
        "import fcntl, signal\nsignal.signal(signal.SIGIO, lambda *a: None)\n"
        "for path in ('/usr/lib', os.path.dirname(os.__file__), '/opt/grader'):\n"
        "    refused(path, fcntl.fcntl, os.open(path, os.O_RDONLY), fcntl.F_NOTIFY, fcntl.DN_ACCESS | fcntl.DN_MULTISHOT)",
        cold=True,
    ),
    escape(
        "slow_down_everything_of_its_user",
        "for kind in (os.PRIO_USER, os.PRIO_PGRP):\n    refused('ask', os.getpriority, kind, 0)\n"
        "    refused('slow', os.setpriority, kind, 0, 19)\nrefused('disk', syscall, 251, 3, 1000, 7 | 3 << 13)",
        cold=True,
    ),
)
NETWORK = (
    escape(
        "reach_services_of_the_machine",
        CONNECT,
        "refused('service', connect, socket.AF_INET, socket.SOCK_STREAM, ('127.0.0.1', @PORT@))\n"
        "refused('six', connect, socket.AF_INET6, socket.SOCK_STREAM, ('::1', @PORT@))",
        "assert [name for _, name in socket.if_nameindex()] == ['lo'], socket.if_nameindex()",
        cold=True,
    ),
    escape(
        "reach_the_metadata_address",
        CONNECT,
        "refused('metadata', connect, socket.AF_INET, socket.SOCK_STREAM, ('169.254.169.254', 80))\n"
        "refused('gcp', connect, socket.AF_INET6, socket.SOCK_STREAM, ('fd00:ec2::254', 80))",
        cold=True,
    ),
    escape(
        "reach_the_internet",
        CONNECT,
        "refused('tcp', connect, socket.AF_INET, socket.SOCK_STREAM, ('192.0.2.1', 443))\n"
        "refused('udp', connect, socket.AF_INET, socket.SOCK_DGRAM, ('8.8.8.8', 53))\n"
        "refused('dns', socket.getaddrinfo, 'pypi.org', 443)",
        "import urllib.request\nrefused('http', urllib.request.urlopen, 'http://example.org', timeout=2)",
        cold=True,
    ),
    escape(
        "reach_abstract_sockets_of_the_machine",
        CONNECT,
        "refused('abstract', connect, socket.AF_UNIX, socket.SOCK_STREAM, '\\0@ABSTRACT@')\n"
        "assert '@ABSTRACT@' not in open('/proc/net/unix').read()",
        cold=True,
    ),
    escape(
        "reach_sockets_in_files_such_as_dockers",
        CONNECT,
        "for path in ('/var/run/docker.sock', '/run/docker.sock', '/run/containerd/containerd.sock', '@SOCKET@',\n"
        "             '/run/dbus/system_bus_socket', '/run/systemd/private', '/tmp/.X11-unix/X0'):\n"
        "    refused(path, connect, socket.AF_UNIX, socket.SOCK_STREAM, path)",
        cold=True,
    ),
    escape(
        "talk_to_the_hypervisor",
        "for family in (40, 38, 17, 44, 29, 31, 21, 2**20):\n"
        "    for kind in (1, 2, 3, 5): refused(f'family {family}', socket.socket, family, kind)",
        cold=True,
    ),
    escape(
        "send_raw_packets",
        "for protocol in (1, 6, 17, 255): refused('raw', socket.socket, socket.AF_INET, socket.SOCK_RAW, protocol)\n"
        "refused('raw 6', socket.socket, socket.AF_INET6, socket.SOCK_RAW, 58)",
        "s = socket.socket()\nrefused('device', s.setsockopt, socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b'eth0')\n"
        "refused('mark', s.setsockopt, socket.SOL_SOCKET, 36, 1)\nrefused('port', s.bind, ('127.0.0.1', 80))",
        cold=True,
    ),
    escape(
        "change_the_network_by_netlink",
        # add 10.0.0.1 to the loopback interface; then listen to the audit log
        "import struct\ndef ask(protocol, kind, body):\n    s = socket.socket(16, 3, protocol); s.settimeout(2)\n"
        "    s.sendto(struct.pack('=IHHII', 16 + len(body), kind, 5 | 0x400, 1, 0) + body, (0, 0))\n"
        "    code = struct.unpack_from('=i', s.recv(4096), 16)[0]\n    if code: raise OSError(-code, os.strerror(-code))",
        "refused('address', ask, 0, 20, struct.pack('=BBBBI', 2, 8, 0, 0, 1) + struct.pack('=HH4s', 8, 2, bytes([10, 0, 0, 1])))\n"
        "refused('link', ask, 0, 16, struct.pack('=BxHiII', 0, 0, 1, 0, 1))\nrefused('audit', ask, 9, 1000, b'')",
        cold=True,
    ),
)
PRIVILEGE = (
    escape(
        "become_root",
        "for number, arguments in ((105, (0,)), (106, (0,)), (113, (0, 0)), (117, (0, 0, 0)), (119, (0, 0, 0)), (116, (0, 0))):\n"
        "    refused(f'call {number}', syscall, number, *arguments)",
        "assert os.getuid() == os.geteuid() == 1000\n"
        "assert not [n for n in (os.system('su -c true </dev/null >/dev/null 2>&1'), os.system('unshare -Ur true 2>/dev/null')) if n == 0]",
        cold=True,
    ),
    escape(
        "have_rights_or_take_them",
        "status = open('/proc/self/status').read()\nfor kind in ('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'):\n"
        "    assert f'{kind}:\\t0000000000000000' in status, kind\nassert 'NoNewPrivs:\\t1' in status and 'Seccomp:\\t2' in status\n"
        "cold = open('/proc/1/comm').read().startswith('bwrap')  # which has another second lock on what the filter refuses\nassert cold or int(open('/proc/sys/user/max_user_namespaces').read()) == 0",
        "import struct\nrefused('capset', syscall, 126, struct.pack('Ii', 0x20080522, 0), b'\\xff' * 24)\n"
        "for right in (0, 12, 21): refused('ambient', syscall, 157, 47, 2, right, 0, 0)\n"
        "refused('securebits', syscall, 157, 28, 1, 0, 0, 0)",
        cold=True,
    ),
    escape(
        "leave_the_filter_of_system_calls",
        # a second filter that allows everything changes nothing; and new privileges do not come back
        "import struct\nprogram = ctypes.create_string_buffer(struct.pack('=HBBI', 6, 0, 0, 0x7fff0000))\n"
        "class Program(ctypes.Structure): _fields_ = [('n', ctypes.c_ushort), ('at', ctypes.c_void_p)]\n"
        "libc.prctl(22, 2, ctypes.byref(Program(1, ctypes.addressof(program))), 0, 0)\nlibc.prctl(38, 0, 0, 0, 0)",
        "refused('ptrace', syscall, 101, 16, os.getppid(), 0, 0)\nrefused('unshare', syscall, 272, 0x10000000)",
        cold=True,
    ),
    escape(
        "raise_its_limits",
        "import resource as r\nfor kind in (r.RLIMIT_AS, r.RLIMIT_NPROC, r.RLIMIT_FSIZE, r.RLIMIT_NOFILE, r.RLIMIT_CORE, r.RLIMIT_CPU):\n"
        "    hard = r.getrlimit(kind)[1]\n    assert hard != r.RLIM_INFINITY, kind\n"
        "    refused(f'limit {kind}', r.setrlimit, kind, (hard, hard + 1))\n"
        "assert r.getrlimit(r.RLIMIT_MSGQUEUE) == (0, 0)\nassert r.getrlimit(11)[1] <= 8192  # signals that wait\n"
        "assert r.getrlimit(r.RLIMIT_MEMLOCK)[1] <= 1 << 20",
        "for pid in (1, os.getppid()):\n    refused('to ask', r.prlimit, pid, r.RLIMIT_NOFILE)\n"
        "    for kind in (r.RLIMIT_CPU, r.RLIMIT_NOFILE, r.RLIMIT_AS): refused('of others', r.prlimit, pid, kind, (0, 0))",
        cold=True,
    ),
    escape(
        "leave_a_core_dump",
        "import resource, signal\nresource.setrlimit(resource.RLIMIT_CORE, (0, 0))\npid = os.fork()\n"
        "if pid == 0: os.abort()\nstatus = os.waitpid(pid, 0)[1]\nassert not os.WCOREDUMP(status)\n"
        "assert not [name for name in os.listdir() if 'core' in name]",
    ),
    escape(
        "leave_its_session",
        "refused('setsid', os.setsid)\nimport subprocess\n"
        "refused('setsid', subprocess.run, ['true'], start_new_session=True, check=True)\n"
        "if os.getsid(0) == 0: raise Escaped('its session is one of the machine')",
        cold=True,
    ),
    escape(
        "type_into_somebodys_terminal",
        "import fcntl\nfor n in range(3):\n    for request in (0x5412, 0x541C):\n"
        "        refused('ioctl', fcntl.ioctl, n, request, b'x')\nrefused('tty', open, '/dev/tty')",
        cold=True,
    ),
)
ATTACKS: tuple[Attack, ...] = (*FILES, *PROCESSES, *OTHERS, *NETWORK, *PRIVILEGE)
