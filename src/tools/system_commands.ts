/** Commands that people and scripts use by heart, guarded also on a system that lacks one of them. */
const SYSTEM_COMMANDS: ReadonlySet<string> = new Set(
  ("apk apt apt-get at awk base64 basename bash brew bzip2 cat cc cd chgrp chmod chown chroot clang cmd cp crontab " +
    "curl cut dash date dd df diff dig dirname dmesg dnf doas docker docker-compose dpkg du echo egrep env " +
    "exit explorer export expr fgrep file find fish ftp g++ gcc getent git gnupg gpg gpg2 grep groupadd " +
    "gunzip gzip head host hostname id ifconfig install ip iptables join kill killall ksh launchctl ld " +
    "less ln login logname ls lsof man md5sum mkdir mkfifo more mount mv nano nc ncat netstat nice nohup " +
    "nslookup open openssl osascript pacman passwd paste patch perl ping pkexec pkill podman powershell " +
    "printf ps pwd pwsh python python3 readlink realpath reboot reg rm rmdir rsync ruby runas scp security " +
    "sed seq service sftp sh sha1sum sha256sum shutdown sleep snap sort split ssh ssh-add ssh-agent " +
    "ssh-keygen stat strace stty su sudo sync systemctl tail tar tcpdump tee telnet test time timeout tmux " +
    "top touch tr true truncate tty umount uname uniq unzip useradd vi vim watch wc wget which who whoami " +
    "wsl xargs xcrun xdg-open xz yes yum zip zsh").split(" "),
);

/** Some file systems take `LS` for `ls`. */
export function isSystemCommand(name: string): boolean {
  return SYSTEM_COMMANDS.has(name.toLowerCase());
}
