/// The helper that stands for `${shadowSetup}` in a script: the base files that groupadd, useradd and chown need.
package enum ShadowSetup {
    /// What stands for it in a script.
    package static let name = "${shadowSetup}"

    /// POSIX shell. It makes only what is not there.
    package static let text = #"""
        export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin${PATH:+:$PATH}
        mkdir -p /etc/pam.d
        if [ ! -e /etc/passwd ]; then
          echo "root:x:0:0::/root:/bin/sh" > /etc/passwd
        fi
        if [ ! -e /etc/shadow ]; then
          echo "root:!x:::::::" > /etc/shadow
          chmod 640 /etc/shadow
        fi
        if [ ! -e /etc/group ]; then
          echo "root:x:0:" > /etc/group
        fi
        if [ ! -e /etc/gshadow ]; then
          echo "root:x::" > /etc/gshadow
          chmod 640 /etc/gshadow
        fi
        if [ ! -e /etc/pam.d/other ]; then
          cat > /etc/pam.d/other <<'EOF'
        account sufficient pam_unix.so
        auth sufficient pam_rootok.so
        password requisite pam_unix.so nullok
        session required pam_unix.so
        EOF
        fi
        if [ ! -e /etc/login.defs ]; then
          : > /etc/login.defs
        fi

        """#
}
