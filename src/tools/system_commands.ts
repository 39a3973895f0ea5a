/** Commands that people and scripts use by heart, guarded also on a system that lacks one of them. */
export const SYSTEM_COMMANDS: ReadonlySet<string> = new Set(
  ("apt awk bash cat cd chmod chown cp crontab curl cut dash date dd df diff dnf doas docker du echo env exit " +
    "export fish find gpg grep head id kill killall ksh less ln login ls make man mkdir more mount mv nc " +
    "passwd ps pwd rm rmdir rsync scp sed service sh sftp sort ssh stat su sudo systemctl tail tar tee test " +
    "touch tr true umount uname unzip vi vim wc wget which who xargs yum zsh git")
    .split(" "),
);
