# The derivations of the integration tests: a small store with every kind of store path.
let
  make = name: attributes: script: derivation ({
    inherit name;
    system = builtins.currentSystem;
    builder = "/bin/bash";
    # Bash itself must end last: Nix kills a builder that has closed its output, and chmod closes it before its end.
    args = [ "-euc" "${script}\n:" ];
    PATH = "/usr/bin:/bin";
  } // attributes);
in rec {
  busybox = make "busybox-1.35" { } ''
    mkdir -p $out/bin
    cp /bin/busybox $out/bin/busybox
    for name in sh cat chmod cp echo env id ls mkdir printenv pwd readlink sleep stat test touch wc; do
      ln -s busybox $out/bin/$name
    done
  '';

  # A single file.
  baseData = make "base-data.txt" { } ''
    echo 'a single file' > $out
  '';

  # A single executable file.
  tool = make "tool.sh" { inherit busybox; } ''
    printf '#!%s/bin/sh\necho a tool\n' $busybox > $out
    chmod 755 $out
  '';

  # A single symbolic link.
  pointer = make "pointer" { inherit baseData; } ''
    ln -s $baseData $out
  '';

  # A file with two names.
  twins = make "twins-1.0" { } ''
    mkdir -p $out/share
    echo twins > $out/share/first
    ln $out/share/first $out/share/second
  '';

  names = make "names-2.0" { inherit baseData; } ''
    long=$(printf 'n%.0s' {1..120})
    folder=$out/share/größer/$long
    mkdir -p $folder/empty $out/a $out/a-b
    touch $out/a/x $out/a-b/x $out/A
    echo ünï > $out/share/größer/ünï
    echo snow > "$out/share/größer/雪 and a blank"
    echo astral > $out/share/größer/$'\xf0\x9f\x90\xb3'
    echo last > $out/share/größer/$'\xef\xbc\x81'
    echo bytes > $out/share/größer/$'latin-\xe9'
    echo long > $folder/file
    echo long > $folder/$'long-\xe9'
    echo hundred > $out/$(printf 'h%.0s' {1..100})
    ln -s $folder/file $out/share/long-target
    ln -s größer/ünï $out/share/umlaut-target
    ln -s $'\xff' $out/share/byte-target
    ln -s nowhere $folder/link
    ln -s $baseData $out/data
  '';

  # Its sort key comes before the key of names-2.0.
  namesOfGit = make "names-2.0+git" { inherit baseData; } ''
    mkdir $out
    ln -s $baseData $out/data
  '';

  libA = make "lib-a" { inherit baseData; } ''
    mkdir -p $out/lib
    echo "liba $baseData" > $out/lib/liba.so.1
    ln -s liba.so.1 $out/lib/liba.so
  '';

  libB = make "lib-b" { inherit libA; } ''
    mkdir -p $out/lib
    echo "libb $libA" > $out/lib/libb.so
    head -c 200000 /dev/zero > $out/lib/zeros
  '';

  libC = make "lib-c" { inherit libA libB; } ''
    mkdir -p $out/lib
    echo "libc $libA $libB" > $out/lib/libc.so
  '';

  # Refers to itself.
  mirror = make "mirror" { } ''
    mkdir $out
    echo "I am $out" > $out/self
    : > $out/empty
  '';

  hello = make "hello-2.10" { inherit busybox baseData; } ''
    mkdir -p $out/bin $out/share/hello
    cat > $out/bin/hello <<EOF
    #!$busybox/bin/sh
    echo 'Hello, world!'
    EOF
    sed -i 's/^ *//' $out/bin/hello
    chmod 755 $out/bin/hello
    ln -s hello $out/bin/hi
    ln -s $baseData $out/share/hello/data
    echo 'about hello' > $out/share/hello/README
  '';

  greeter = make "greeter" { inherit busybox hello libC twins pointer names namesOfGit mirror tool; } ''
    mkdir -p $out/bin $out/share/hello
    cat > $out/bin/greet <<EOF
    #!$busybox/bin/sh -e
    PATH=$busybox/bin
    $hello/bin/hello
    $tool
    cat $pointer $twins/share/second $names/share/umlaut-target $names/share/long-target
    readlink $names/share/byte-target | wc -c
    cat "$names/share/größer/雪 and a blank" $namesOfGit/data
    cat $mirror/self $libC/lib/libc.so
    EOF
    sed -i 's/^ *//' $out/bin/greet
    chmod 755 $out/bin/greet
    echo 'about greeter' > $out/share/hello/README
    echo 'more' > $out/share/hello/MORE
  '';
}
